import { z } from 'zod';
import { operation } from '../../kernel/operation.ts';

const form = { method: 'get', on: 'both', tag: 'Description', need: 'public', problems: [] } as const;

export const readDescription = operation({
  ...form,
  id: 'readDescription',
  path: '/openapi.json',
  summary: 'Read this description (OpenAPI 3.1)',
  answers: { 200: z.looseObject({ openapi: z.string() }) },
});

export const showDocumentation = operation({
  ...form,
  id: 'showDocumentation',
  path: '/docs',
  summary: 'Show this description to people',
  answers: { 200: z.string() },
  contentType: 'text/html; charset=utf-8',
});

export const showErrors = operation({
  ...form,
  id: 'showErrors',
  path: '/docs/errors',
  summary: 'Show all codes of problems, and what to do about each',
  answers: { 200: z.string() },
  contentType: 'text/html; charset=utf-8',
});

const script = { ...form, answers: { 200: z.string() }, contentType: 'text/javascript; charset=utf-8' } as const;
const style = { ...form, answers: { 200: z.string() }, contentType: 'text/css; charset=utf-8' } as const;

export const readViewer = operation({
  ...script,
  id: 'readViewer',
  path: '/docs/viewer.js',
  summary: 'Read the viewer of the description',
});

export const readViewerStyle = operation({
  ...style,
  id: 'readViewerStyle',
  path: '/docs/viewer.css',
  summary: 'Read the style of the viewer',
});

export const readDocumentationScript = operation({
  ...script,
  id: 'readDocumentationScript',
  path: '/docs/docs.js',
  summary: 'Read what opens the viewer',
});

export const readDocumentationStyle = operation({
  ...style,
  id: 'readDocumentationStyle',
  path: '/docs/docs.css',
  summary: 'Read the style of the page around the viewer',
});
