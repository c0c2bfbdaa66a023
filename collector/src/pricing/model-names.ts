/**
 * The spellings under which a model may stand in a price list, in the order to try them: as it came, then without what a
 * resource name wraps around it. What tells prices apart stays: Bedrock's 'global.' and 'us.', dates, ':free'.
 * @param isSameProvider whether a prefix ('openai' of 'openai/gpt-4o') means the provider that the event names
 */
export function modelNameCandidates(
  modelName: string,
  isSameProvider: (prefix: string) => boolean,
): readonly string[] {
  const name = modelName.trim().toLowerCase();
  const candidates = [name];
  const add = (candidate: string): void => {
    if (candidate !== '' && !candidates.includes(candidate)) candidates.push(candidate);
  };
  let bare = name;
  for (let slash = bare.indexOf('/'); slash > 0 && isSameProvider(bare.slice(0, slash));) {
    bare = bare.slice(slash + 1);
    add(bare);
    slash = bare.indexOf('/');
  }
  // models/gemini-2.5-pro, publishers/google/models/gemini-2.5-pro, projects/p/locations/l/publishers/…/models/…
  const resource = /(?:^|\/)models\/([^/]+)$/.exec(bare);
  if (resource?.[1] !== undefined) add((bare = resource[1]));
  // arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-…
  const arn = /^arn:[^/]+:(?:foundation-model|inference-profile)\/(.+)$/.exec(bare);
  if (arn?.[1] !== undefined) add((bare = arn[1]));
  // Vertex AI writes a version after '@': claude-sonnet-4-5@20250929
  if (bare.includes('@')) add(bare.replace('@', '-'));
  return candidates;
}

/** A date written without dashes, as some price lists do not have it: gpt-4o-20240806 → gpt-4o-2024-08-06. */
export function withDashedDate(name: string): string {
  return name.replace(/-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)/g, '-$1-$2-$3');
}

/**
 * Whether a name is of a model that somebody trained or provisioned: OpenAI's `ft:gpt-4o-mini:org::id` and `davinci:ft-org`,
 * Azure's `gpt-4o-2024-08-06.ft-0e2…`, Gemini's `tunedModels/…`, Bedrock's custom and provisioned models. Their prices differ
 * from the base model's, which a loose match must not hide.
 */
export function isCustomModel(modelName: string): boolean {
  return /(?:^|\/)ft:|[:.]ft-|tunedmodels\/|(?:custom|provisioned|imported)-model/.test(
    modelName.toLowerCase(),
  );
}
