export type ReleaseName = "12.2" | "18c" | "19c" | "21c" | "23ai" | "26ai" | "future";
