import { memberText } from '../../filters/dimensions.ts';
import { usePageLink } from '../../navigation/use-page-link.ts';
import type { ExploreState } from './use-explore.ts';

export interface MemberLinks {
  /** The search of this page, one step further down. */
  drillLink: (member: Record<string, string | null>) => string;
  eventsLink: (member: Record<string, string | null>) => string;
}

/** Where a member leads: further down, and to its events. */
export function useMemberLinks({ drillDown }: Pick<ExploreState, 'drillDown'>): MemberLinks {
  const link = usePageLink();
  return {
    drillLink: drillDown,
    eventsLink: (member) =>
      link('events', {
        search: Object.fromEntries(Object.entries(member).map(([name, value]) => [name, memberText(value)])),
      }),
  };
}
