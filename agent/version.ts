/** Of the agent's behaviour; told in every observation, so that a fleet of mixed agents is visible. */
export const agentVersion = '0.1.0'
