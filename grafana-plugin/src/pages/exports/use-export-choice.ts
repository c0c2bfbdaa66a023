import { useChoice } from '../../navigation/use-choice.ts';
import { CONTENTS, FILE_TYPES, type Content, type FileType } from './export-types.ts';

interface ExportChoice {
  type: FileType;
  content: Content;
  setType: (type: FileType) => void;
  setContent: (content: Content) => void;
}

/** What kind of file is asked for: `type` and `rows` of the address. */
export function useExportChoice(): ExportChoice {
  const [type, setType] = useChoice('type', FILE_TYPES, 'csv');
  const [content, setContent] = useChoice('rows', CONTENTS, 'full');
  return { type, content, setType, setContent };
}
