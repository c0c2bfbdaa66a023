const REGION = /^(?:us|eu|apac|global|jp|au|ca|sa)\./;
const DATE = /[-@](?:20\d{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01]))(?=$|[-:])/;

/** What is common to the names under which two reports of one call may tell its model: no provider prefix, region, date or version. */
export function modelFamily(model: string): string {
  return model
    .trim()
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(REGION, '')
    .replace(/^(?:anthropic|amazon|meta|cohere|mistral|openai|deepseek)\./, '')
    .replace(DATE, '')
    .replace(/(?:-v\d+)?(?::\d+)?$/, '')
    .replace(/-latest$/, '');
}

const CACHE = new Map<string, string>();

/** `modelFamily`, remembered: the same few names come again and again. */
export function familyOf(model: string): string {
  let family = CACHE.get(model);
  if (family === undefined) {
    if (CACHE.size > 2_000) CACHE.clear();
    CACHE.set(model, (family = modelFamily(model)));
  }
  return family;
}
