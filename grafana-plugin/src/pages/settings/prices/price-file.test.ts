import { expect, test } from '@jest/globals';
import { readPriceFile, UnreadableFile } from './price-file.ts';

test('a file becomes the rows that the API takes: amounts as text, empty fields left out, lists as lists', () => {
  expect(
    readPriceFile(
      '\uFEFFmodel_provider,model_name,input_per_mtok,output_per_mtok,effective_from,note,context_tiers,all_tenants\r\n' +
        'vllm,acme-7b,0.10,1,null,"says ""cheap"", by contract","[{""over_input_tokens"":200000,""input_per_mtok"":""0.2""}]",true\n' +
        '\n' +
        'openai,*,,,,,,',
    ),
  ).toEqual([
    {
      model_provider: 'vllm',
      model_name: 'acme-7b',
      input_per_mtok: '0.10',
      output_per_mtok: '1',
      effective_from: null,
      note: 'says "cheap", by contract',
      context_tiers: [{ over_input_tokens: 200_000, input_per_mtok: '0.2' }],
      all_tenants: true,
    },
    { model_provider: 'openai', model_name: '*' },
  ]);
});

test.each([
  ['', /needs a header/],
  ['model_provider,model_name\n', /needs a header/],
  ['a,b\n1,2\n3', /Row 2 has 1 fields, the header 2/],
  ['a,b\n1,"2', /Row 1 has a quote that does not end/],
  ['a,b\n1,"2"3', /text after one/],
  ['model_name,context_tiers\nx,[1', /Row 1: context_tiers must be JSON/],
])('what is wrong with %j is said by its row', (text, message) => {
  expect(() => readPriceFile(text)).toThrow(UnreadableFile);
  expect(() => readPriceFile(text)).toThrow(message);
});

test('a quoted field may have line breaks', () => {
  expect(readPriceFile('model_name,note\nx,"one\ntwo"')).toEqual([{ model_name: 'x', note: 'one\ntwo' }]);
});
