/** Values that nobody may see but whom they are for. */
export const canary = {
  user: 'canary-user',
  password: 'canary-password',
  identity: 'canary-identity-token',
  registry: 'canary-registry-token',
} as const;

export const basicAuth = { scheme: 'basic', user: canary.user, password: canary.password } as const;

export const bearerAuth = {
  scheme: 'bearer',
  user: canary.user,
  password: canary.password,
  refreshToken: canary.identity,
} as const;
