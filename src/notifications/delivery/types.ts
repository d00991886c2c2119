/** A mail on its way out. Sender and recipient are given apart from their names, so that no name can become an address. */
export type OutgoingMail = {
  /** Without angle brackets; the same at every try. */
  readonly messageId: string;
  readonly senderName: string;
  readonly to: { readonly address: string; readonly name: string | null };
  readonly subject: string;
  readonly text: string;
  readonly html: string;
};

/** Hands mails to a mail server. */
export type MailTransport = {
  /** Resolves when the server has taken the mail; rejects with a `DeliveryFailure`. */
  readonly deliver: (mail: OutgoingMail) => Promise<void>;
  readonly close: () => void;
};

/**
 * Whose fault a failed delivery is. `server`: it could not be reached, did not let us in or did not answer; every mail would
 * fare the same. `mail_later`, `mail_never`: it answered, and refuses this mail for now (4xx), or for good (5xx).
 */
export type FailureKind = 'server' | 'mail_later' | 'mail_never';
