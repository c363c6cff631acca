/** A place in an object that names an image. */
export interface ImageSlot {
  readonly list: 'containers' | 'initContainers' | 'ephemeralContainers' | 'volumes';
  /** The container's or the volume's name; unique within its list in a valid object. */
  readonly name: string;
  /** RFC 6901 pointer to the text in the object. */
  readonly pointer: string;
  readonly text: string;
}
