import { Type } from 'typebox';
import { REJECTED_FIELD } from './otlp-answer.ts';

/** Export…ServiceResponse of any signal. */
export const OtlpAnswerSchema = Type.Object({
  partialSuccess: Type.Optional(
    Type.Object(
      {
        ...Object.fromEntries(
          Object.values(REJECTED_FIELD).map((field) => [
            field,
            Type.Optional(Type.String({ description: 'int64, as text' })),
          ]),
        ),
        errorMessage: Type.String({ description: 'Why, or a warning' }),
      },
      { description: 'Where something was refused' },
    ),
  ),
});
/** google.rpc.Status. */
export const RpcStatusSchema = Type.Object({
  code: Type.Integer({ description: 'As google.rpc.Code has it' }),
  message: Type.String({ description: 'What is wrong and what to do' }),
});
const BYTES = {
  description: 'The same message as protobuf',
  type: 'string',
  contentMediaType: 'application/x-protobuf',
};
/** The content types of OTLP/HTTP, for the description of a body. */
export const inBothFormats = (json: object) => ({
  'application/json': { schema: json },
  'application/x-protobuf': { schema: BYTES },
});
