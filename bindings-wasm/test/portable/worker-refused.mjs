import { refusals } from "./refusals.mjs";

export default {
  fetch() {
    return Response.json(refusals());
  },
};
