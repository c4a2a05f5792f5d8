import { AppError } from "../../base/errors.ts";
import {
  MAIL_CONNECTIONS_MAX,
  MAIL_PENDING_MAX,
  MAIL_RETRIES_MAX,
  MAIL_SEND_TIMEOUT_MS,
  MAIL_STEP_TIMEOUT_MS,
} from "./limits.ts";
import type { Mail, MailMessage } from "./port.ts";

export interface SmtpMailOptions {
  /** `smtp://user:password@host:port` or `smtps://`; options of nodemailer may stand in its query. */
  readonly url: string;
  /** The sender, with or without a name: `Games <games@example.com>`. */
  readonly from: string;
  readonly stepTimeoutMs?: number | undefined;
  readonly sendTimeoutMs?: number | undefined;
}

/** A line break would begin another command of the protocol, a space or a comma another recipient. */
const ADDRESS = /^[^\s<>,;"()]+@[^\s<>,;"()@]+$/;

/** Makes the mail of a server with a mail server. Connects only to send, and keeps no idle connection. */
export function createSmtpMail(options: SmtpMailOptions): Mail {
  let transport: ReturnType<typeof openTransport> | null = null;
  const sendTimeoutMs = options.sendTimeoutMs ?? MAIL_SEND_TIMEOUT_MS;
  const closing = Promise.withResolvers<never>();
  // Nobody may be waiting when it fails.
  closing.promise.catch(() => undefined);
  let pending = 0;
  let isClosed = false;
  return {
    isSending: true,
    async send(message) {
      if (isClosed) throw stopped();
      if (!ADDRESS.test(message.to)) throw failed("The address cannot be mailed to", null);
      if (pending >= MAIL_PENDING_MAX) throw failed("Too many messages are on their way", null);
      pending++;
      try {
        transport ??= openTransport(options);
        const sent = transport.then((opened) => opened.sendMail(toNodemailer(options.from, message)));
        await within(sendTimeoutMs, [sent, closing.promise]);
      } catch (cause) {
        if (cause instanceof AppError) throw cause;
        throw failed("The mail server did not take the message", cause);
      } finally {
        pending--;
      }
    },
    async close() {
      isClosed = true;
      closing.reject(stopped());
      (await transport)?.close();
    },
  };
}

async function openTransport({ url, stepTimeoutMs = MAIL_STEP_TIMEOUT_MS }: SmtpMailOptions) {
  // Only for the first message: the library costs some 20 MB, and mail is rare.
  const { createTransport } = await import("nodemailer");
  return createTransport({
    url,
    pool: true,
    maxConnections: MAIL_CONNECTIONS_MAX,
    // Mail is rare, and mail servers drop idle connections: each message gets a fresh one.
    maxMessages: 1,
    maxRequeues: MAIL_RETRIES_MAX,
    connectionTimeout: stepTimeoutMs,
    greetingTimeout: stepTimeoutMs,
    socketTimeout: stepTimeoutMs,
    dnsTimeout: stepTimeoutMs,
    requireTLS: needsTls(url),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** A password never goes over a network in the clear, unless the operator says `?ignoreTLS=true`. */
function needsTls(text: string): boolean {
  const url = new URL(text);
  if (url.username === "" || url.searchParams.has("ignoreTLS")) return false;
  return !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
}

function toNodemailer(from: string, { to, subject, text }: MailMessage) {
  // As an object the address is taken as it is, instead of being parsed as a list of recipients.
  return { from, to: { name: "", address: to }, subject, text };
}

/** The first of the promises to end, or a failure after the time. */
async function within(timeoutMs: number, promises: readonly Promise<unknown>[]): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(failed("The mail server took too long", null)), timeoutMs);
  try {
    await Promise.race([...promises, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function stopped(): AppError<"upstream"> {
  return failed("The server stops", null);
}

function failed(message: string, cause: unknown): AppError<"upstream"> {
  return new AppError("upstream", "MAIL_FAILED", { message, cause: cause ?? undefined });
}
