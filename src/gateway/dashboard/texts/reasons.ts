/**
 * Words of the gateway's own for why: exclusions, causes of a choice, cooldowns, what came of an attempt. They come in English, as in the
 * log; for a Chinese reader those that are known are said in Chinese, and all else is shown as it is. Pure.
 */

/** Whole words. */
const WORDS: Readonly<Record<string, string>> = {
  drained: '已排空',
  'its key is empty': '密钥为空',
  'the variable of its apiKeyEnv is not set': '其 apiKeyEnv 变量未设置',
  'failed this call': '本次调用已在此失败',
  'ejected after failures': '多次失败后被剔除',
  unresponsive: '无响应',
  'no headroom': '余量不足',
  'no free slot': '没有空闲名额',
  'rate limit used up': '速率限制已用尽',
  'operation not found': '没有此操作',
  'model not found': '没有此模型',
  'not for this model': '不适用于此模型',
  'out of credit': '额度已用完',
  'no credential': '没有凭据',
  'TLS certificate': 'TLS 证书问题',
  'redirects elsewhere': '重定向到别处',
  'its attempt still runs': '其尝试仍在进行',
  'just came back': '刚刚恢复',
  'nobody eligible': '没有可用端点',
  'no attempts left': '尝试次数已用完',
  'the retry budget is used up': '重试预算已用尽',
  'it may have been carried out': '可能已经执行',
  'its body can be read once': '请求体只能读取一次',
  'every endpoint is ejected': '所有端点均被剔除',
  'waiting for a probe': '等待探测',
  'others wait for the same': '其他调用也在等待',
  backoff: '退避',
  pinned: '指定端点',
  bound: '绑定端点',
  preferred: '缓存偏好',
  session: '会话保持',
  'same endpoint': '同一端点重试',
  panic: '应急放行',
  'last resort': '最后尝试',
  hedge: '对冲',
  rescue: '救援',
  lookup: '查找',
  'round-robin': '轮询',
  random: '随机',
  'least-busy': '最少繁忙',
  'least-latency': '最低延迟',
  headroom: '余量优先',
  'prompt-cache': '提示缓存',
  priority: '优先级',
  ok: '成功',
  'caller-error': '调用方错误',
  'not-found': '未找到',
  conflict: '冲突',
  aborted: '已中止',
  abandoned: '已放弃',
  'rate-limited': '被限流',
  'out-of-credit': '额度已用完',
  'credentials-refused': '密钥被拒绝',
  forbidden: '被禁止',
  'model-missing': '没有此模型',
  'operation-missing': '没有此操作',
  'not-supported': '不支持',
  redirected: '被重定向',
  'server-error': '服务器错误',
  overloaded: '过载',
  'timed-out': '超时',
  'connect-failed': '连接失败',
  'connection-lost': '连接中断',
  'bad-reply': '回复无效',
  'local-error': '本地错误',
  pending: '进行中',
};

/** Words with something inside. */
const PATTERNS: readonly (readonly [RegExp, (inside: string) => string])[] = [
  [/^cooling down \((.*)\)$/, (reason) => `冷却中（${inChinese(reason)}）`],
  [/^the call belongs to (.*)$/, (name) => `此调用属于 ${name}`],
  [/^has no model (.*) \(models\)$/, (name) => `没有模型 ${name}`],
  [/^has no tag (.*) \(tags\)$/, (name) => `没有标签 ${name}`],
  [/^is not used for (.*) \(operations\)$/, (name) => `不用于 ${name}`],
];

/** How long it lasts stands behind it. */
const FOR = /^(.*), for ([^,]+)$/;

/** A reason in Chinese, as far as it is known. */
export function inChinese(reason: string): string {
  const word = Object.hasOwn(WORDS, reason) ? WORDS[reason] : undefined;
  if (word !== undefined) return word;
  for (const [pattern, said] of PATTERNS) {
    const inside = pattern.exec(reason)?.[1];
    if (inside !== undefined) return said(inside);
  }
  const [, first, time] = FOR.exec(reason) ?? [];
  return first !== undefined && time !== undefined ? `${inChinese(first)}，还有 ${time}` : reason;
}
