import { defineProblems } from '../../kernel/problem.ts';

export const apiKeysProblem = defineProblems({
  'identity.api_key_unknown': { status: 404, title: 'There is no such API key' },
  'identity.api_keys_too_many': { status: 409, title: 'The tenant has as many API keys as it may have' },
  'identity.scope_unknown': { status: 422, title: 'API keys cannot be made for this' },
  'identity.expiry_past': { status: 422, title: 'The key would have ended before it begins' },
});
