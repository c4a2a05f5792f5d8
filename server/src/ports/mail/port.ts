/** A message to one person. */
export interface MailMessage {
  readonly to: string;
  readonly subject: string;
  /** Plain text. */
  readonly text: string;
}

/** Sends mail. */
export interface Mail {
  /** False when nothing is sent and messages only go to the log. */
  readonly isSending: boolean;
  /**
   * Hands a message over; resolves when the mail server took it, or when it is in the log.
   * @throws AppError `MAIL_FAILED` when the mail server refused it or did not answer in time.
   */
  send(message: MailMessage): Promise<void>;
  /** Ends connections; harmless when repeated. */
  close(): Promise<void>;
}
