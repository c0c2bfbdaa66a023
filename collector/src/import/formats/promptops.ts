import { PostedEventSchema, type PostedEvent } from '../../ingest/event-schema.ts';
import { asNumber, type SourceRecord } from '../source-record.ts';
import { missingId, type ImportFormat, type Mapped } from './format.ts';

interface JsonSchema {
  type?: string;
  anyOf?: JsonSchema[];
}

const FIELDS = Object.entries(PostedEventSchema.properties as Record<string, JsonSchema>).map(
  ([name, schema]) => ({ name: name as keyof PostedEvent, type: typeOf(schema) }),
);

function typeOf(schema: JsonSchema): string | undefined {
  return schema.type ?? schema.anyOf?.map(typeOf).find((type) => type !== undefined && type !== 'null');
}

/**
 * Events with the names of a posted one (docs/api.md): input includes cached tokens and output reasoning, ids are kept as they
 * are, so that an export of this collector changes nothing where its events are known. Other columns are ignored.
 */
export const promptops: ImportFormat = {
  checkedAgainst: 'the posted event of docs/api.md',
  idField: 'event_id',
  map: (record): Mapped => {
    if (record.text('event_id') === undefined) return missingId('event_id', 'these');
    const event: Partial<Record<keyof PostedEvent, unknown>> = {};
    for (const { name, type } of FIELDS) {
      const value = read(record, name, type);
      if (value !== undefined) event[name] = value;
    }
    return { event };
  },
};

/** Text of a CSV file as what the field takes; what it cannot be stays as it is, and is refused by the check of the event. */
function read(record: SourceRecord, name: string, type: string | undefined): unknown {
  const value = record.value(name);
  if (name === 'timestamp') return record.time(name) ?? value;
  if (typeof value !== 'string') return value;
  if (type === 'number' || type === 'integer') return asNumber(value) ?? value;
  if (type === 'boolean') return record.flag(name) ?? value;
  if (type === 'object') return record.object(name)?.fields ?? value;
  return value;
}
