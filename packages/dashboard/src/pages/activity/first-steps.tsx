import { Link } from "@tanstack/react-router";
import { useAgents } from "../../app/use-agents.ts";
import { text } from "../../text/text.ts";
import { CodeBlock } from "../../ui/code-block.tsx";
import { Empty } from "../../ui/page-state.tsx";
import styles from "./activity.module.css";

/** What somebody sees who has just started the server: how the first event comes about. */
export default function FirstSteps() {
  const agents = useAgents();
  const hasAgent = Boolean(agents.data?.length);
  return (
    <Empty icon="activity" title={text.firstSteps.title}>
      <p>{text.firstSteps.intro}</p>
      <ol className={styles.steps}>
        <li data-done={hasAgent}>
          <Link to="/agents" search={{ add: true }}>
            {text.firstSteps.addAgent}
          </Link>
        </li>
        <li>
          <Link to="/board" search={{ create: "one" }}>
            {text.firstSteps.createTask}
          </Link>
        </li>
        <li>{text.firstSteps.dispatch}</li>
      </ol>
      <p>{text.firstSteps.demo}</p>
      <CodeBlock>npx mission-control demo</CodeBlock>
    </Empty>
  );
}
