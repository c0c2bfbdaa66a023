import { Link } from 'react-router-dom';
import { useHost } from '../host/host.ts';
import { Nothing } from '../panels/Nothing.tsx';
import { usePageLink } from './use-page-link.ts';

export function NotFound() {
  const { PageFrame } = useHost();
  const link = usePageLink();
  return (
    <PageFrame title="Not found">
      <Nothing>
        There is no such page. <Link to={link('overview')}>To the overview</Link>
      </Nothing>
    </PageFrame>
  );
}
