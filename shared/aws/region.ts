/** A region is a part of hosts that are asked, and may come from an image's text or a signature. */
export const regionName = /^(?:[a-z]{2}|eusc)(?:-[a-z]+){1,3}-\d{1,2}$/;
