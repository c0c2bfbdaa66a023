import { useSubject } from '../../panels/use-subject.ts';
import { ModelDetail } from './ModelDetail.tsx';
import { ModelList } from './ModelList.tsx';

/** All providers and models, or one model: `?model=<name>`, or a filter by a single model. */
export default function ModelsPage() {
  const subject = useSubject('models', 'model', 'model_name');
  return subject.member === null ? (
    <ModelList linkTo={subject.linkTo} />
  ) : (
    <ModelDetail model={subject.member} filters={subject.query} allLink={subject.allLink} />
  );
}
