import { report } from "../../portable/report.mjs";

export const runtime = "edge";

export async function GET() {
  return Response.json(await report());
}
