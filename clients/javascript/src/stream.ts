/** Hands a provider's stream on unchanged, and watches its pieces pass. */

/** What is told about a stream. `end` may be called several times; the first one counts. */
export interface StreamObserver {
  piece(piece: unknown): void;
  /** With the error that broke it, or 'aborted' when its reader left early. */
  end(outcome?: { error: unknown } | 'aborted'): void;
  /** The whole answer, from a method such as `finalMessage()` of the stream. */
  answer(answer: unknown): void;
}

/** Methods of the SDKs' streams that consume the stream themselves and promise the outcome. */
const CONSUMERS = new Set<PropertyKey>([
  ...['finalMessage', 'finalChatCompletion', 'finalResponse', 'finalText', 'finalContent', 'done'],
]);
/** Methods that read the stream through `this[Symbol.asyncIterator]`, so they have to see the watched one. */
const READERS = new Set<PropertyKey>(['toReadableStream']);

// A reader that just lets a stream go never ends it; then its collection does.
const abandoned =
  typeof FinalizationRegistry === 'function'
    ? new FinalizationRegistry<StreamObserver>((observer) => observer.end('aborted'))
    : undefined;

/** What must not be collected, and taken for abandoned, while the key is in use: a loop holds the iterator alone. */
const owners = new WeakMap<object, object>();

/** Whether an answer is still to be read piece by piece. */
export function isStream(answer: unknown): answer is object {
  if ((typeof answer !== 'object' && typeof answer !== 'function') || answer === null) return false;
  try {
    return isReadableStream(answer) || typeof member(answer, Symbol.asyncIterator) === 'function';
  } catch {
    return false;
  }
}

/**
 * A stream that behaves like `source`, with all its members. A web ReadableStream becomes a true ReadableStream, since platform
 * functions take nothing else.
 */
export function observeStream<T extends object>(source: T, observer: StreamObserver): T {
  const observed = watchStream(source, observer);
  abandoned?.register(observed, observer);
  return observed;
}

function watchStream<T extends object>(source: T, observer: StreamObserver): T {
  if (isReadableStream(source)) return observeReadable(source, observer) as unknown as T;
  return observeIterable(source, observer);
}

function isReadableStream(value: unknown): value is ReadableStream {
  return Object.prototype.toString.call(value) === '[object ReadableStream]';
}

function observeReadable(source: ReadableStream, observer: StreamObserver): ReadableStream {
  const reader = source.getReader();
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = (await reader.read()) as { done: boolean; value?: unknown };
          if (done) {
            observer.end();
            controller.close();
            return;
          }
          observer.piece(value);
          controller.enqueue(value);
        } catch (error) {
          observer.end({ error });
          throw error;
        }
      },
      async cancel(reason) {
        observer.end('aborted');
        await reader.cancel(reason);
      },
    },
    // Nothing is read before somebody asks.
    { highWaterMark: 0 },
  );
}

function observeIterable<T extends object>(source: T, observer: StreamObserver): T {
  const members = new Map<PropertyKey, unknown>();
  // An async generator is its own iterator.
  const own = typeof member(source, 'next') === 'function' ? source : undefined;
  const iterator = own && observeIterator(own as AsyncIterator<unknown>, source, observer);
  const steps = iterator as Record<string, unknown> | undefined;
  members.set(Symbol.asyncIterator, () => {
    if (iterator) return iterator;
    const pieces = (source as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    const observed = observeIterator(pieces, source, observer);
    owners.set(observed, proxy);
    return observed;
  });
  for (const name of ['next', 'return', 'throw'] as const) {
    if (steps && typeof member(source, name) === 'function') members.set(name, steps[name]);
  }
  const proxy: T = new Proxy(source, {
    get(target, name) {
      if (members.has(name)) return members.get(name);
      // With the source as receiver: private fields are not reachable through a proxy.
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function' || name === 'constructor' || isFixed(target, name)) return value;
      const wrapped = wrapMethod(value as Method, name);
      members.set(name, wrapped);
      return wrapped;
    },
    set(target, name, value) {
      members.delete(name);
      return Reflect.set(target, name, value, target);
    },
  });
  if (iterator) owners.set(iterator, proxy);
  const wrapMethod = (method: Method, name: PropertyKey): Method => {
    return (...args) => {
      const result = Reflect.apply(method, READERS.has(name) ? proxy : source, args);
      // Chained calls, as in stream.on(…).on(…), stay with the watched stream.
      if (result === source) return proxy;
      if (name === 'tee' && Array.isArray(result)) {
        return result.map((each: unknown) => {
          if (!isStream(each)) return each;
          const branch = watchStream(each, observer);
          owners.set(branch, proxy);
          return branch;
        });
      }
      if (CONSUMERS.has(name) && result instanceof Promise) {
        owners.set(result, proxy);
        watch(result, observer);
      }
      return result;
    };
  };
  return proxy;
}

type Method = (...args: unknown[]) => unknown;

function watch(result: Promise<unknown>, observer: StreamObserver): void {
  result.then(
    (answer) => {
      observer.answer(answer);
      observer.end();
    },
    (error: unknown) => observer.end({ error }),
  );
}

/** A proxy has to show such a property as it is. */
function isFixed(target: object, name: PropertyKey): boolean {
  const property = Reflect.getOwnPropertyDescriptor(target, name);
  return property !== undefined && property.configurable === false && property.writable === false;
}

function observeIterator(
  pieces: AsyncIterator<unknown>,
  source: object,
  observer: StreamObserver,
): AsyncIterableIterator<unknown> & Required<AsyncIterator<unknown>> {
  const observe = async (step: () => Promise<IteratorResult<unknown>>) => {
    try {
      const result = await step();
      if (!result.done) observer.piece(result.value);
      // Some SDKs end a stream quietly when it is aborted through its controller.
      else observer.end(wasAborted(source) ? 'aborted' : undefined);
      return result;
    } catch (error) {
      observer.end(isAbort(error) ? 'aborted' : { error });
      throw error;
    }
  };
  return {
    next: (...args: [] | [unknown]) => observe(() => pieces.next(...args)),
    async return(value?: unknown) {
      observer.end('aborted');
      const end: unknown = await value;
      return pieces.return ? pieces.return(end) : { done: true, value: end };
    },
    throw: (error: unknown) =>
      observe(() => {
        if (pieces.throw) return pieces.throw(error);
        throw error;
      }),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function wasAborted(source: object): boolean {
  try {
    const controller = member(source, 'controller') as { signal?: { aborted?: unknown } } | undefined;
    return controller?.signal?.aborted === true;
  } catch {
    return false;
  }
}

function isAbort(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'AbortError' || error.constructor.name === 'APIUserAbortError';
}

function member(value: object, name: PropertyKey): unknown {
  return Reflect.get(value, name);
}
