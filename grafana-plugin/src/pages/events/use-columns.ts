import { useCallback, useEffect, useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { useHost } from '../../host/host.ts';
import { useSetParameters } from '../../navigation/use-set-parameters.ts';
import { FIELD_NAMES, type EventFieldName } from './event-fields.ts';

const DEFAULT_COLUMNS: EventFieldName[] = [
  'timestamp',
  'status',
  'model_name',
  'prompt_id',
  'user_id',
  'total_tokens_used',
  'cost_usd',
  'response_time_ms',
];
const PREFERENCE = 'event-columns';

/** The columns of the list: those in the URL (`columns`), else those that the user chose last. The time always leads: it opens the event. */
export function useColumns(): [EventFieldName[], (columns: EventFieldName[]) => void] {
  const { preferences } = useHost();
  const [search] = useSearchParams();
  const setParameters = useSetParameters();
  const [preferred, setPreferred] = useState(DEFAULT_COLUMNS);
  useEffect(() => {
    let isGone = false;
    void preferences.get(PREFERENCE).then((text) => {
      if (!isGone && text !== null) setPreferred(columnsOf(text));
    });
    return () => {
      isGone = true;
    };
  }, [preferences]);

  const choose = useCallback(
    (columns: EventFieldName[]) => {
      const text = columns.join(',');
      void preferences.set(PREFERENCE, text);
      setPreferred(columnsOf(text));
      setParameters({ columns: text === DEFAULT_COLUMNS.join(',') ? null : text });
    },
    [preferences, setParameters],
  );
  const asked = search.get('columns');
  return [asked === null ? preferred : columnsOf(asked), choose];
}

/** Known columns in the order of the fields. */
function columnsOf(text: string): EventFieldName[] {
  const asked = text.split(',');
  return FIELD_NAMES.filter((name) => name === 'timestamp' || asked.includes(name));
}
