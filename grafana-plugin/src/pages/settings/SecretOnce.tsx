import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Alert, Button, ClipboardButton, Modal, useStyles2 } from '@grafana/ui';

interface Props {
  title: string;
  /** What is told once, by its name. */
  secrets: { label: string; text: string }[];
  onClose: () => void;
}

/** Shows what the collector tells once and then only knows the hash of. It is in no storage and leaves with the dialog. */
export function SecretOnce({ title, secrets, onClose }: Props) {
  const styles = useStyles2(getStyles);
  return (
    <Modal title={title} isOpen onDismiss={onClose} closeOnBackdropClick={false}>
      <Alert severity="warning" title="Shown this once">
        Copy it now to where it is kept safely. It cannot be shown again.
      </Alert>
      {secrets.map(({ label, text }) => (
        <div key={label} className={styles.secret}>
          <span className={styles.label}>{label}</span>
          <code className={styles.text} data-testid={`secret-${label}`}>
            {text}
          </code>
          <ClipboardButton
            variant="secondary"
            size="sm"
            icon="copy"
            getText={() => text}
            aria-label={`Copy ${label}`}
          >
            Copy
          </ClipboardButton>
        </div>
      ))}
      <Modal.ButtonRow>
        <Button onClick={onClose}>I have copied it</Button>
      </Modal.ButtonRow>
    </Modal>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  secret: css({
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    gap: theme.spacing(0.5),
    marginBottom: theme.spacing(2),
  }),
  label: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
  text: css({ overflowWrap: 'anywhere', userSelect: 'all', margin: 0, whiteSpace: 'pre-wrap' }),
});
