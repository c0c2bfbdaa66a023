import { useSearchParams } from 'react-router-dom';
import { CONTENTS, FILE_TYPES, type Content, type FileType } from './export-types.ts';

interface ExportChoice {
  type: FileType;
  content: Content;
  setType: (type: FileType) => void;
  setContent: (content: Content) => void;
}

/** What kind of file is asked for: `type` and `rows` of the address. */
export function useExportChoice(): ExportChoice {
  const [search, setSearch] = useSearchParams();
  const set = (name: string, value: string, standard: string): void =>
    setSearch(
      (before) => {
        const after = new URLSearchParams(before);
        if (value === standard) after.delete(name);
        else after.set(name, value);
        return after;
      },
      { replace: true },
    );
  return {
    type: FILE_TYPES.find((type) => type === search.get('type')) ?? 'csv',
    content: CONTENTS.find((content) => content === search.get('rows')) ?? 'full',
    setType: (type) => set('type', type, 'csv'),
    setContent: (content) => set('rows', content, 'full'),
  };
}
