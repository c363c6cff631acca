/** What was attached as evidence is not in its format. The message is ours: it quotes nothing that was attached. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}
