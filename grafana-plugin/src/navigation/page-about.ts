/** The page about a member of a dimension: there is one for prompts and one for models, everything else is explored. */
export function pageAbout(dimension: string): 'prompts' | 'models' | 'explore' {
  return dimension === 'prompt_id' ? 'prompts' : dimension === 'model_name' ? 'models' : 'explore';
}
