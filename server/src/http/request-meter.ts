/** What kind of work a request was. */
export type RequestClass = "rest" | "rpc" | "socket" | "resource" | "page" | "health" | "metrics";

/** One answered request, in words of which there are few. */
export interface MeteredRequest {
  readonly class: RequestClass;
  /** The pattern of its route, the name of its procedure, or what stands for all others of its class. */
  readonly route: string;
  readonly method: string;
  /** 101 for one that became a websocket. */
  readonly status: number;
  /** Until the answer began; a long download goes on for longer. */
  readonly durationMs: number;
}

/** Told of every request that was answered. */
export interface RequestMeter {
  note(request: MeteredRequest): void;
}
