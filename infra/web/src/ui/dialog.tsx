import { useLingui } from "@lingui/react/macro";
import type { ReactNode } from "react";
import { Button, Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import styles from "./ui.module.css";

/** A dialog over the page; Escape and a click beside it close it. `alert`: something is about to be lost. */
export function Asking(props: {
  title: string;
  open: boolean;
  alert?: boolean;
  onClose: () => void;
  children: ReactNode;
}) {
  const { t } = useLingui();
  return (
    <ModalOverlay
      className={styles.veil}
      isOpen={props.open}
      onOpenChange={(open) => !open && props.onClose()}
      isDismissable={!props.alert}
    >
      <Modal className={styles.dialog}>
        <Dialog role={props.alert ? "alertdialog" : "dialog"}>
          <div className={styles.title}>
            <Heading slot="title" level={2}>
              {props.title}
            </Heading>
            {!props.alert && (
              <Button slot="close" className={styles.close} aria-label={t`Close`}>
                ×
              </Button>
            )}
          </div>
          {props.children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
