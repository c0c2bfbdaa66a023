import { expect, test } from '@jest/globals';
import fastify from 'fastify';
import { createPool } from '../database/pool.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { registerProblemJson } from './problem-json.ts';

test('an answer that the database gave up is told with what to ask instead', async () => {
  const database = await createTestDatabase();
  const pool = createPool({
    connectionString: database.connectionString,
    max: 1,
    applicationName: 'test',
    statementTimeoutMs: 20,
  });
  const app = fastify();
  registerProblemJson(app);
  app.get('/slow', () => pool.query('SELECT pg_sleep(60)'));
  try {
    const answer = await app.inject('/slow');
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({
      type: 'urn:promptops:problem:question-too-slow',
      detail: expect.stringMatching(/Ask for a shorter period/),
    });
  } finally {
    await app.close();
    await pool.end();
    await database.drop();
  }
});
