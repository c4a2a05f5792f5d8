/** Stops a listener, a stream or a timer; calling it again does nothing. */
export type Unsubscribe = () => void;

/**
 * Calls a listener of the app. What it throws is the app's bug: it surfaces as an uncaught error and never
 * breaks what called it.
 */
export function callListener<A extends readonly unknown[]>(listener: (...args: A) => void, ...args: A): void {
  try {
    listener(...args);
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown;
    });
  }
}

/** A value with listeners that hear each change. */
export interface Observable<T> {
  readonly value: T;
  set(next: T): void;
  onChange(listener: (value: T) => void): Unsubscribe;
}

/** Holds a value and tells listeners when `isSame` says that it changed. */
export function createObservable<T>(initial: T, isSame: (a: T, b: T) => boolean): Observable<T> {
  let value = initial;
  const listeners = new Map<symbol, (value: T) => void>();
  return {
    get value() {
      return value;
    },
    set(next) {
      if (isSame(value, next)) return;
      value = next;
      for (const listener of [...listeners.values()]) callListener(listener, next);
    },
    onChange(listener) {
      const key = Symbol();
      listeners.set(key, listener);
      return () => void listeners.delete(key);
    },
  };
}
