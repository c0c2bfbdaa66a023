import { Button, ClipboardButton } from '@grafana/ui';
import { useHref, useLocation, useSearchParams } from 'react-router-dom';
import { useApi } from '../../api/use-api.ts';
import { useFilters } from '../../filters/use-filters.ts';
import { AnalyticsPage } from '../../navigation/AnalyticsPage.tsx';
import { QueryContent } from '../../panels/QueryPanel.tsx';
import { usePeriod } from '../../period/use-period.ts';
import { permanentQuery } from './permanent-link.ts';
import { readCompareWith, reportPeriodOf } from './periods.ts';
import { Report } from './Report.tsx';
import { ReportControls } from './ReportControls.tsx';

/** A period in a minute: what it cost, what is notable about it, who spent most, and whether the budgets will do. */
export default function SummaryPage() {
  const { query, raw, range, timeZone } = usePeriod();
  const { query: filters, filters: chosen } = useFilters();
  const [search] = useSearchParams();
  const { pathname } = useLocation();
  const compareWith = readCompareWith(search.get('compare_with'), reportPeriodOf(raw));
  const summary = useApi('/v1/analytics/summary', {
    query: { ...query, ...filters, compare_with: compareWith },
  });
  const permanent = useHref({
    pathname,
    search: permanentQuery(
      search,
      { fromMs: range.from.valueOf(), toMs: range.to.valueOf(), timeZone },
      summary.isPlaceholderData ? undefined : summary.data?.period,
      compareWith,
    ).toString(),
  });
  return (
    <AnalyticsPage
      title="Executive summary"
      subTitle="A period in a minute"
      actions={
        <>
          <ClipboardButton
            variant="secondary"
            icon="link"
            getText={() => new URL(permanent, window.location.origin).href}
            tooltip="A link to exactly this period: it shows the same tomorrow"
          >
            Copy link
          </ClipboardButton>
          <Button variant="secondary" icon="file-alt" onClick={() => window.print()}>
            Print
          </Button>
        </>
      }
    >
      <ReportControls compareWith={compareWith} />
      <QueryContent query={summary} height={500}>
        {(answer) => <Report of={answer} filters={chosen} compareWith={compareWith} />}
      </QueryContent>
    </AnalyticsPage>
  );
}
