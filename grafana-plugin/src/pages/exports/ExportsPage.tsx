import { AnalyticsPage } from '../../navigation/AnalyticsPage.tsx';
import { ExportList } from './ExportList.tsx';
import { NewExport } from './NewExport.tsx';

/** Takes calls or summaries of a period out of the collector, as files. */
export default function ExportsPage() {
  return (
    <AnalyticsPage title="Exports" subTitle="Calls or summaries of a period as CSV, JSON or Parquet">
      <NewExport />
      <ExportList />
    </AnalyticsPage>
  );
}
