import { createUuid, type Environment } from "../environment.ts";
import type { MultitapError } from "../errors.ts";
import type { Exchange } from "../http/exchange.ts";
import { createObservable } from "../listeners.ts";
import type { CallOptions } from "../options.ts";
import { startDeviceFlow } from "./device-flow.ts";
import { cookieProof, fixedTokenProof, tokenFunctionProof } from "./fixed-proofs.ts";
import { memoryCredentials } from "./memory-credentials.ts";
import { grantByPairingCode } from "./pairing.ts";
import type { Proof, StateCell } from "./proof.ts";
import { storedProof } from "./stored-proof.ts";
import { grantByPassword } from "./tokens.ts";
import type { Auth, AuthInput, AuthState } from "./types.ts";

/** What signing in and authorizing need of the client. */
export interface AuthOptions {
  readonly input: AuthInput | undefined;
  readonly url: string;
  readonly exchange: Exchange;
  readonly environment: Environment;
  readonly onFailure: (error: MultitapError) => void;
  /** How the app calls itself; users read it when they are asked to let a device in. */
  readonly app: { readonly name: string; readonly version: string } | undefined;
  /** Aborts when the client is closed. */
  readonly lifetime: AbortSignal;
  /** Runs one piece of work as a call: with time limit, retries and abort, but without authorization. */
  readonly runCall: <T>(
    operation: string,
    work: (signal: AbortSignal) => Promise<T>,
    options: CallOptions | undefined,
  ) => Promise<T>;
}

/** The public face, and what the calls of the client need of it. */
export interface AuthParts extends Pick<Proof, "authorize" | "recover"> {
  readonly face: Auth;
}

/** Builds the proof that fits what the app gave, and the face that the app sees. */
export function createAuth(options: AuthOptions): AuthParts {
  const state = createObservable<AuthState>({ status: "anonymous" }, isSameState);
  const proof = createProof(options, state);
  // The state tells of a store that failed, so nothing else has to.
  const readState = () => state.value;
  const face: Auth = {
    get state() {
      return state.value;
    },
    get ready() {
      return proof.load().then(readState, readState);
    },
    onChange: (listener) => state.onChange(listener),
    signInWithPassword: (input, callOptions) =>
      options.runCall(
        "auth.signInWithPassword",
        (signal) => proof.signIn(() => grantByPassword(options, input, signal)),
        callOptions,
      ),
    signInWithPairingCode(code, callOptions) {
      // The same over all tries: a code whose answer was lost is not lost with it.
      const repeatKey = createUuid();
      return options.runCall(
        "auth.signInWithPairingCode",
        (signal) => proof.signIn(() => grantByPairingCode(options, { code, repeatKey }, signal)),
        callOptions,
      );
    },
    startDeviceFlow: (input, callOptions) =>
      options.runCall(
        "auth.startDeviceFlow",
        async (signal) => {
          proof.requireSignIn();
          return await startDeviceFlow({ ...options, signIn: proof.signIn }, input, signal);
        },
        callOptions,
      ),
    signOut: (callOptions) => options.runCall("auth.signOut", (signal) => proof.signOut(signal), callOptions),
  };
  return { face, authorize: () => proof.authorize(), recover: (...args) => proof.recover(...args) };
}

function createProof({ input, url, exchange, environment, onFailure }: AuthOptions, state: StateCell): Proof {
  if (typeof input === "string") return fixedTokenProof(input, state);
  if (typeof input === "function") return tokenFunctionProof(input, state);
  if (input !== undefined && "kind" in input) return cookieProof(url, exchange, state);
  const store = input ?? memoryCredentials();
  return storedProof({ store, onFailure, endpoint: { url, exchange, environment } }, state);
}

function isSameState(a: AuthState, b: AuthState): boolean {
  if (a.status === "expired" || b.status === "expired") return a === b;
  return JSON.stringify(a) === JSON.stringify(b);
}
