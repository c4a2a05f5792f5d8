import { MultitapError } from "../errors.ts";
import { EVENT_CHARS_MAX } from "../limits.ts";

/** One event of a `text/event-stream`. */
export interface ServerSentEvent {
  /** `"message"` when the stream names none. */
  readonly type: string;
  readonly data: string;
  /** The last id that the stream named, also by an earlier event; "" when there was none or it was unset. */
  readonly lastEventId: string;
}

/**
 * Makes a parser that takes the text of a stream in pieces of any size.
 * @throws MultitapError (the made function) `protocol` when one event is larger than any of ours.
 * @source https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export function createSseParser(onEvent: (event: ServerSentEvent) => void): (text: string) => void {
  let rest = "";
  let type = "";
  let data: string[] = [];
  let size = 0;
  let lastEventId = "";

  const readLine = (line: string) => {
    if (line === "") {
      if (data.length > 0)
        onEvent({ type: type === "" ? "message" : type, data: data.join("\n"), lastEventId });
      type = "";
      data = [];
      size = 0;
      return;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    size += line.length;
    if (field === "event") type = value;
    else if (field === "data") data.push(value);
    else if (field === "id" && !value.includes("\0")) lastEventId = value;
  };
  return (text) => {
    rest += text;
    // A carriage return at the very end may be half of a line end; it waits for the next piece.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) readLine(line);
    if (rest.length + size > EVENT_CHARS_MAX) {
      const details = { contentType: "text/event-stream" };
      throw new MultitapError("protocol", "ANSWER_NOT_OURS", {
        message: "The event stream holds an event too large",
        details,
      });
    }
  };
}
