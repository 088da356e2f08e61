import type { ComponentProps, ReactNode } from "react";
import styles from "./button.module.css";
import { Icon, type IconName } from "./icon.tsx";

interface ButtonProps extends Omit<ComponentProps<"button">, "type"> {
  kind?: "plain" | "primary" | "danger" | "quiet";
  icon?: IconName;
  submit?: boolean;
  children: ReactNode;
}

/** A button with words on it. */
export function Button({ kind = "plain", icon, submit, children, className, ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={submit ? "submit" : "button"}
      className={`${styles.button} ${styles[kind]} ${className ?? ""}`}
    >
      {icon ? <Icon name={icon} size={14} /> : null}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ComponentProps<"button">, "type" | "children"> {
  icon: IconName;
  /** What it does, in words. */
  label: string;
}

/** A button with a drawing on it; its words are its name and its tooltip. */
export function IconButton({ icon, label, className, ...rest }: IconButtonProps) {
  return (
    <button
      {...rest}
      type="button"
      aria-label={label}
      title={label}
      className={`${styles.icon} ${className ?? ""}`}
    >
      <Icon name={icon} />
    </button>
  );
}
