import { useSubject } from '../../panels/use-subject.ts';
import { PromptDetail } from './PromptDetail.tsx';
import { PromptList } from './PromptList.tsx';

/** All prompts, or one of them: `?prompt=<id>`, or a filter by a single prompt. */
export default function PromptsPage() {
  const subject = useSubject('prompts', 'prompt', 'prompt_id');
  return subject.member === null ? (
    <PromptList linkTo={subject.linkTo} />
  ) : (
    <PromptDetail prompt={subject.member} filters={subject.query} allLink={subject.allLink} />
  );
}
