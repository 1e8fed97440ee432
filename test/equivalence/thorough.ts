/** `DISTFFMPEG_TEST_ALL=1 npm test` tries every row of the long tables, which takes half an hour; else the usual ones. */
export const ALL = process.env["DISTFFMPEG_TEST_ALL"] === "1";
