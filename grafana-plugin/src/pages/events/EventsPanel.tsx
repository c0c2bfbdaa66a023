import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Alert, Button, Dropdown, IconButton, useStyles2 } from '@grafana/ui';
import { useCallback, useEffect, useRef, useState } from 'react';
import { count } from '../../figures/format.ts';
import { instant } from '../../figures/time.ts';
import { csvOf, saveText } from '../../panels/csv.ts';
import { Nothing } from '../../panels/Nothing.tsx';
import { Panel } from '../../panels/Panel.tsx';
import { ProblemAlert } from '../../panels/ProblemAlert.tsx';
import { QueryContent } from '../../panels/QueryPanel.tsx';
import { usePeriod, type PeriodQuery } from '../../period/use-period.ts';
import { ColumnChoice } from './ColumnChoice.tsx';
import { MOST_ROWS, type StoredEvent } from './event-feed.ts';
import { EventTable } from './EventTable.tsx';
import { useColumns } from './use-columns.ts';
import { TAIL_EVERY_MS, useEventFeed } from './use-event-feed.ts';

interface Props {
  question: PeriodQuery & Record<string, string | string[]>;
  isLive: boolean;
  /** The id of the event whose details are open. */
  opened: string | null;
}

/** The list of events of one question. */
export function EventsPanel({ question, isLive, opened }: Props) {
  const styles = useStyles2(getStyles);
  const { timeZone } = usePeriod();
  const [columns, chooseColumns] = useColumns();
  const [isReading, setIsReading] = useState(false);
  const [topRef, isTopInView] = useInView();
  const list = useEventFeed(question, { isLive, isHeld: isReading || !isTopInView || opened !== null });
  const { feed, waiting } = list;

  return (
    <Panel
      title={isLive ? 'Events, live' : 'Events'}
      description={`In the order in which the calls started. Live, it is looked for new ones every ${TAIL_EVERY_MS / 1000} seconds while this tab is visible; calls that are sent more than two minutes late appear when the page is read again.`}
      actions={
        <>
          <Dropdown
            overlay={<ColumnChoice columns={columns} onChange={chooseColumns} />}
            placement="bottom-end"
          >
            <Button variant="secondary" size="sm" icon="columns">
              Columns
            </Button>
          </Dropdown>
          <IconButton
            name="download-alt"
            tooltip="Download these rows as CSV"
            aria-label="Download these rows as CSV"
            disabled={!feed || feed.events.length === 0}
            onClick={() =>
              saveText(
                'events.csv',
                'text/csv',
                csvOf(
                  columns.map((name) => ({
                    header: name,
                    value: (event: StoredEvent) => csvValue(event[name]),
                  })),
                  feed?.events ?? [],
                ),
              )
            }
          />
        </>
      }
    >
      <div ref={topRef} />
      {list.tailProblem && (
        <Alert severity="warning" title="The live view is interrupted">
          {list.tailProblem.message} It goes on by itself as soon as it can.
        </Alert>
      )}
      <QueryContent
        query={list.first}
        height={400}
        empty={() =>
          feed?.events.length === 0 &&
          feed.older === null && (
            <Nothing>
              {isLive
                ? 'No call yet: waiting for the first one.'
                : 'No calls with these filters in this period. Choose a longer period, or remove a filter.'}
            </Nothing>
          )
        }
      >
        {() =>
          feed && (
            <>
              <p className={styles.spoken} role="status">
                {waiting > 0 ? `${waiting} new calls` : ''}
              </p>
              {waiting > 0 && (
                <div className={styles.waiting}>
                  <Button
                    size="sm"
                    icon="arrow-up"
                    onClick={() => {
                      setIsReading(false);
                      list.showWaiting();
                    }}
                  >
                    Show {count(waiting)} new {waiting === 1 ? 'call' : 'calls'}
                  </Button>
                </div>
              )}
              <div
                onPointerEnter={(event) => setIsReading(event.pointerType === 'mouse')}
                onPointerLeave={() => setIsReading(false)}
                onFocus={() => setIsReading(true)}
                onBlur={() => setIsReading(false)}
              >
                <EventTable events={feed.events} columns={columns} opened={opened} />
              </div>
              <div className={styles.end}>
                {list.olderProblem && <ProblemAlert problem={list.olderProblem} onRetry={list.loadOlder} />}
                {feed.older === null ? (
                  <span>These are all of the period.</span>
                ) : feed.events.length >= MOST_ROWS ? (
                  <span>
                    {count(MOST_ROWS)} calls are shown, back to{' '}
                    {instant(feed.events.at(-1)?.timestamp, timeZone)}. For older ones choose a period that
                    ends then.
                  </span>
                ) : (
                  <>
                    <span>
                      {count(feed.events.length)} calls; looked back to{' '}
                      {instant(feed.searchedBackTo, timeZone)}.
                    </span>
                    <Button
                      variant="secondary"
                      icon="arrow-down"
                      disabled={list.isLoadingOlder}
                      onClick={list.loadOlder}
                    >
                      {list.isLoadingOlder ? 'Loading older ones …' : 'Older'}
                    </Button>
                  </>
                )}
              </div>
            </>
          )
        }
      </QueryContent>
    </Panel>
  );
}

function csvValue(value: StoredEvent[keyof StoredEvent]): string | number | null {
  if (value === null || typeof value === 'number') return value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Whether an element is in sight; true where nobody can tell. */
function useInView(): [(element: HTMLElement | null) => void, boolean] {
  const [isInView, setIsInView] = useState(true);
  const observer = useRef<IntersectionObserver | null>(null);
  useEffect(() => () => observer.current?.disconnect(), []);
  const attach = useCallback((element: HTMLElement | null) => {
    observer.current?.disconnect();
    if (!element || typeof IntersectionObserver === 'undefined') return;
    observer.current = new IntersectionObserver((entries) =>
      setIsInView(entries.at(-1)?.isIntersecting ?? true),
    );
    observer.current.observe(element);
  }, []);
  return [attach, isInView];
}

const getStyles = (theme: GrafanaTheme2) => ({
  spoken: css({
    position: 'absolute',
    width: 1,
    height: 1,
    overflow: 'hidden',
    clipPath: 'inset(50%)',
    margin: 0,
  }),
  waiting: css({
    position: 'sticky',
    top: theme.spacing(1),
    zIndex: 1,
    display: 'flex',
    justifyContent: 'center',
    height: 0,
    overflow: 'visible',
  }),
  end: css({
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'center',
    gap: theme.spacing(1),
    marginTop: theme.spacing(2),
    color: theme.colors.text.secondary,
  }),
});
