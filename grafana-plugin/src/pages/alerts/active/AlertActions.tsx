import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, Field, Input, Modal, RadioButtonGroup, TextArea, useStyles2 } from '@grafana/ui';
import { useId, useState } from 'react';
import { useHost } from '../../../host/host.ts';
import { READ_ONLY } from '../../../host/read-only.ts';
import { useTimeZone } from '../../../period/time-zone.tsx';
import type { Alert } from '../alert-types.ts';
import { EXPIRIES, expiryTime, type Expiry } from './expiry.ts';
import { useAlertChange, type AlertChange } from './use-alert-change.ts';

type Asked = 'acknowledge' | 'resolve' | 'comment';

/** What can be done about an alert, and the dialog that asks for the rest. */
export function AlertActions({ alert }: { alert: Alert }) {
  const styles = useStyles2(getStyles);
  const { user } = useHost();
  const change = useAlertChange(alert.alert_id);
  const [asked, setAsked] = useState<Asked | null>(null);
  const common = {
    size: 'sm',
    variant: 'secondary',
    disabled: !user.mayChange || change.isPending,
    tooltip: user.mayChange ? undefined : READ_ONLY,
  } as const;
  const isOpen = alert.status !== 'resolved';
  return (
    <div className={styles.line} role="group" aria-label={`Actions for ${alert.rule_name}`}>
      {alert.status === 'firing' && (
        <Button
          {...common}
          variant={alert.acknowledged ? 'secondary' : 'primary'}
          icon="check"
          onClick={() => setAsked('acknowledge')}
        >
          {alert.acknowledged ? 'Acknowledge anew' : 'Acknowledge'}
        </Button>
      )}
      {isOpen && alert.acknowledged && (
        <Button {...common} onClick={() => change.mutate({ kind: 'unacknowledge' })}>
          Take back
        </Button>
      )}
      {isOpen && (
        <Button {...common} onClick={() => setAsked('resolve')}>
          Resolve
        </Button>
      )}
      <Button {...common} icon="comment-alt" onClick={() => setAsked('comment')}>
        Comment
      </Button>
      {asked !== null && (
        <ActionDialog
          alert={alert}
          asked={asked}
          onClose={() => setAsked(null)}
          onDone={(made) => {
            setAsked(null);
            change.mutate(made);
          }}
        />
      )}
    </div>
  );
}

const TITLES: Record<Asked, string> = {
  acknowledge: 'Acknowledge',
  resolve: 'Resolve by hand',
  comment: 'Comment',
};

function ActionDialog({
  alert,
  asked,
  onClose,
  onDone,
}: {
  alert: Alert;
  asked: Asked;
  onClose: () => void;
  onDone: (change: AlertChange) => void;
}) {
  const styles = useStyles2(getStyles);
  const id = useId();
  const { timeZone } = useTimeZone();
  const [note, setNote] = useState('');
  const [expiry, setExpiry] = useState<Expiry>('4h');
  const [own, setOwn] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const submit = (): void => {
    if (asked === 'resolve') {
      onDone({ kind: 'resolve', note });
      return;
    }
    if (asked === 'comment') {
      if (note.trim() === '') setProblem('A comment says something.');
      else onDone({ kind: 'comment', text: note.trim() });
      return;
    }
    const until = expiryTime(expiry, own, Date.now(), timeZone);
    if (until === undefined) {
      setProblem('Give a time that is still to come.');
      return;
    }
    onDone({ kind: 'acknowledge', note, until });
  };
  return (
    <Modal title={`${TITLES[asked]}: ${alert.rule_name}`} isOpen onDismiss={onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {asked === 'resolve' && (
          <p>Nothing new fires of the same rule and member until the condition has been over once.</p>
        )}
        {asked === 'acknowledge' && (
          <>
            <p>Nothing more is sent about it until then. If it still fires after that, it is told again.</p>
            <div className={styles.few}>
              <Field label="How long">
                <RadioButtonGroup
                  aria-label="How long"
                  options={[...EXPIRIES]}
                  value={expiry}
                  onChange={(chosen) => {
                    setExpiry(chosen);
                    setProblem(null);
                  }}
                />
              </Field>
            </div>
            {expiry === 'own' && (
              <Field
                label={`Until, ${timeZone}`}
                htmlFor={`${id}-own`}
                invalid={problem !== null}
                error={problem}
              >
                <Input
                  id={`${id}-own`}
                  type="datetime-local"
                  width={30}
                  value={own}
                  onChange={(event) => setOwn(event.currentTarget.value)}
                />
              </Field>
            )}
          </>
        )}
        <Field
          label={asked === 'comment' ? 'Comment' : 'Note'}
          htmlFor={`${id}-note`}
          invalid={asked === 'comment' && problem !== null}
          error={asked === 'comment' ? problem : undefined}
        >
          <TextArea
            id={`${id}-note`}
            rows={3}
            maxLength={4000}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
        </Field>
        <Modal.ButtonRow>
          <Button type="button" variant="secondary" fill="outline" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit">{asked === 'comment' ? 'Add the comment' : TITLES[asked]}</Button>
        </Modal.ButtonRow>
      </form>
    </Modal>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  line: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: theme.spacing(1) }),
  few: css({ maxWidth: '100%', overflowX: 'auto' }),
});
