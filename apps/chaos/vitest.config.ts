export { testConfig as default } from "@das/vitest-config";
