import { report } from "../../portable/report.mjs";

export const dynamic = "force-dynamic";

export async function GET() {
  return Response.json(await report());
}
