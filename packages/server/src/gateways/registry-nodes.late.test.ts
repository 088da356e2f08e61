import "../../test/support/told-late.ts";
import "./registry-nodes.test.ts";
