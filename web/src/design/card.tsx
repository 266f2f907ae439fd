import { useId, type ReactNode } from "react";

type CardProps = { readonly title: string; readonly about?: string; readonly area?: string; readonly action?: ReactNode; readonly children: ReactNode };

export function Card({ title, about, area, action, children }: CardProps) {
  const id = useId();
  return (
    <section className={`card ${area ?? ""}`} aria-labelledby={id}>
      <header className="card-head">
        <div>
          <h3 id={id}>{title}</h3>
          {about && <p>{about}</p>}
        </div>
        {action}
      </header>
      {children}
    </section>
  );
}
