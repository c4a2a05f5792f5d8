import { type DecodeJob, type DecodeResult, decodeJob } from "./chd/decode.ts";
import { NativeError, type NativeErrorCode } from "./errors.ts";
import { runOnDisc } from "./load.ts";

/** What goes to a thread. */
export interface JobRequest {
  readonly id: number;
  readonly job: DecodeJob;
}
/** What comes back. */
export type JobResponse =
  | { readonly id: number; readonly result: DecodeResult }
  | { readonly id: number; readonly code: NativeErrorCode; readonly message: string };

/** The side of a thread that talks to its creator: `self` of a worker, or `parentPort`. */
export interface JobPort {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener?(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  on?(type: "message", listener: (message: unknown) => void): void;
}

async function answer(request: JobRequest): Promise<{ response: JobResponse; transfer: ArrayBuffer[] }> {
  const { id } = request;
  try {
    const result = await runOnDisc((disc) => decodeJob(disc, request.job));
    if (result === null)
      throw new NativeError("NATIVE_MEMORY", "the memory for a batch of hunks cannot be had");
    return { response: { id, result }, transfer: [result.bytes.buffer] };
  } catch (error) {
    const code = error instanceof NativeError ? error.code : "NATIVE_INTERNAL";
    return { response: { id, code, message: String(error) }, transfer: [] };
  }
}

/** Makes a thread do the jobs that its creator sends; for the file that a worker runs. */
export function serveDecodeJobs(port: JobPort): void {
  const receive = async (message: unknown) => {
    const { response, transfer } = await answer(message as JobRequest);
    port.postMessage(response, transfer);
  };
  if (port.addEventListener !== undefined) port.addEventListener("message", (event) => receive(event.data));
  else port.on?.("message", receive);
}
