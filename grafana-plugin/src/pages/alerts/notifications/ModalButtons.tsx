import { Button, Modal } from '@grafana/ui';

/** Sends the form of a dialog, or closes it. */
export function ModalButtons({
  submit,
  isBusy,
  onClose,
}: {
  submit: string;
  isBusy: boolean;
  onClose: () => void;
}) {
  return (
    <Modal.ButtonRow>
      <Button type="button" variant="secondary" fill="outline" onClick={onClose}>
        Cancel
      </Button>
      <Button type="submit" disabled={isBusy}>
        {submit}
      </Button>
    </Modal.ButtonRow>
  );
}
