import { Problem } from './errors.ts';

/** The Problem of a body's field that is refused for a reason that no schema tells: in words, and for programs in `errors`. */
export function invalidField(place: string, reason: string): Problem {
  return new Problem('invalid-request', `${place}: ${reason}`, {
    extensions: { errors: [{ in: 'body', field: place, reason }] },
  });
}
