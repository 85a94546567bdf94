// Equality of types, for the files beside it.

/** Whether two types are the same, not merely assignable. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles only when both are the same type. */
export function same<A, B>(..._proof: Same<A, B> extends true ? [] : [never]): void {}
