import { loadNotaryReader } from '../../evidence/notary-signature/lazy.ts';
import type { NotaryAnchor } from '../../trust/notary/anchor.ts';
import type { AnchorJudge } from '../anchor-judge.ts';

let judge: AnchorJudge<NotaryAnchor> | undefined;

/** Loads what reads and judges signatures of the Notary Project: time that only policies which ask for them take. Once; others find it loaded. */
export async function loadNotary(): Promise<void> {
  await loadNotaryReader();
  judge ??= (await import('./judge.ts')).notaryJudge;
}

function loaded(): AnchorJudge<NotaryAnchor> {
  if (judge === undefined) throw new Error('a Notary signature was judged before loadNotary was awaited');
  return judge;
}

/** The judge, once it is loaded: every method of one, or it does not compile. */
export const notaryJudge: Required<AnchorJudge<NotaryAnchor>> = {
  identity: (anchor) => loaded().identity(anchor),
  waiver: (anchor, repository) => loaded().waiver?.(anchor, repository),
  refusal: (anchor, repository) => loaded().refusal?.(anchor, repository),
  examine: (...examined) => loaded().examine(...examined),
  denial: (...denied) => loaded().denial(...denied),
};
