/** Carries the generation of the run that last changed a workload; an older run finds it and stops. */
export const generationAnnotation = 'lifeboat.io/generation'
