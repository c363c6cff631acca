/** What JSON holds. What comes from outside was parsed within bounds; fields are an object's own alone. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
