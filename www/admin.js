// admin.js - administration over /account/api/. All that it shows is in the
// page's templates; nothing of an answer becomes markup.
import { announce, localise, offerCopy } from './page.js';

const find = (selector, root = document) => root.querySelector(selector);
const view = find('#view'), parts = find('#parts'), title = document.title;
const words = Object.fromEntries([...find('#t-words').content.children].map((p) => [p.dataset.w, p.textContent]));
// What the API's words for events and permissions mean: a form's choices say so.
const meanings = {};
for (const { content } of document.querySelectorAll('template'))
	for (const { value, text } of content.querySelectorAll('option'))
		meanings[value] = text;

let turn = 0; // goes up when what is on its way is not wanted any more
let renewed = 0;
let later; // what the next view says
let busy = false;

// --- the API

async function send(method, path, body) {
	const response = await fetch(`/account/api/${path}`, {
		method,
		headers: body ? { 'Content-Type': 'application/json' } : {},
		body: body && JSON.stringify(body),
	}).catch(() => { throw { detail: words.offline }; });
	const answer = await response.json().catch(() => ({}));

	if (!response.ok)
		throw { status: response.status, detail: response.statusText, ...answer };
	return answer;
}

// Resolves to the answer, and rejects with a problem, or with nothing where the
// person has turned back. No page is loaded that would renew the session.
async function api(...request) {
	if (Date.now() - renewed > 600000) {
		renewed = Date.now();
		await send('POST', 'session/renew').catch(() => {});
	}
	for (;;)
		try {
			return await send(...request);
		} catch (problem) {
			if (problem.status === 401) {
				location = `/account/sign-in?next=${encodeURIComponent(`/account/admin/${location.hash}`)}`;
				await new Promise(() => {});
			}
			if (problem.code !== 'confirm-required')
				throw problem;
			await confirm();
		}
}

function said({ code, detail, retry_after }) {
	return (words[code] ?? detail) + (retry_after ? ` (${retry_after} s)` : '');
}

// --- dialogs

// `submit` does what is asked for, and says false where that has failed.
function ask(dialog, submit) {
	const form = find('form', dialog);
	let good = false;

	return new Promise((resolve, reject) => {
		form.onsubmit = async (event) => {
			event.preventDefault();
			good = await submit(form) !== false;
			if (good)
				dialog.close();
		};
		dialog.onclose = () => {
			form.reset();
			(good ? resolve : reject)();
		};
		dialog.showModal();
	});
}

for (const button of document.querySelectorAll('[data-close]'))
	button.onclick = () => button.closest('dialog').close();

// By the password or, where there is a second factor, by its code.
function confirm() {
	const dialog = find('#confirm'), error = find('#confirm-error'), field = find('[required]', dialog);
	const mark = (text) => {
		error.textContent = text;
		error.className = 'error';
		error.hidden = !text;
		field.ariaInvalid = text ? 'true' : null;
	};

	mark('');
	return ask(dialog, async () => {
		try {
			await send('POST', 'session/confirm', { [field.name]: field.value });
		} catch (problem) {
			mark(said(problem));
			announce(error.textContent);
			field.select();
			field.focus();
			return false;
		}
	});
}

// Asks whether the button's act is meant; the name may have to be `typed`.
function sure(button, what, name, typed) {
	const dialog = find('#sure'), field = find('input', dialog);

	for (const element of [find('h2', dialog), find('.danger', dialog)])
		element.textContent = button.textContent;
	find('#sure-text').textContent = words[`sure-${what}`];
	find('bdi', dialog).textContent = name;
	find('label', dialog).hidden = field.hidden = !typed;
	field.oninput = () => field.setCustomValidity('');
	return ask(dialog, () => {
		field.setCustomValidity(typed && field.value.trim() !== name ? words['other-name'] : '');
		return field.reportValidity();
	});
}

// --- what is shown

const at = (data, path) => path.split('.').reduce((object, name) => object?.[name], data);

// A template, filled in: data-if takes an element away, data-t has a text,
// data-time a time, data-link a view and whose, data-label what a button is
// about, data-do and data-on what a button and a form do.
function fill(name, data = {}) {
	const root = find(`#t-${name}`).content.cloneNode(true);
	const each = (key, act) => root.querySelectorAll(`[data-${key}]`).forEach((element) => act(element, element.dataset[key]));

	each('if', (element, path) => {
		if (!at(data, path.replace('!', '')) !== path.startsWith('!'))
			element.remove();
	});
	each('t', (element, path) => { element.textContent = at(data, path); });
	each('time', (element, path) => { element.dateTime = element.textContent = at(data, path); });
	each('link', (element, path) => {
		const [to, whose] = path.split('=');
		element.href = `#${to}=${at(data, whose)}`;
	});
	each('label', (element, path) => { element.ariaLabel = `${element.textContent}: ${at(data, path)}`; });
	each('do', (element, action) => { element.onclick = () => run(action, element, data); });
	each('on', (element, action) => {
		element.onsubmit = (event) => {
			event.preventDefault();
			run(action, element, data);
		};
	});
	localise(root);
	offerCopy(root);
	return root;
}

function show(name, data) {
	view.replaceChildren(fill(name, data));
	document.title = `\u2068${find('h1', view).textContent}\u2069 - ${title}`;
}

function focusOn(element) {
	element.tabIndex = -1;
	element.focus();
}

function say(text, where = find('h1', view), sort = 'notice') {
	const p = document.createElement('p');

	find('.said', view)?.remove();
	p.className = `said ${sort}`;
	p.textContent = text;
	where.after(p);
	p.scrollIntoView({ block: 'nearest' });
	announce(text);
}

// What is shown once, after `where`.
function once(where, data) {
	find('.once', view)?.remove();
	where.after(fill('once', { ...data, mailed: !data.code && !data.token, encoded: encodeURIComponent(data.label) }));
	focusOn(find('.once', view));
}

// One act at a time; a search takes the place of the one before. What is said is
// about the last one.
async function run(action, element, data) {
	const search = element.role === 'search';

	if (busy && !search)
		return;
	busy ||= !search;
	find('.said', view)?.remove();
	try {
		await actions[action](element, data);
	} catch (problem) {
		if (problem)
			say(said(problem), element, 'error');
	}
	busy &&= search;
}

// Shows a list a page at a time; a page may be empty though there is more.
async function list(path, query, member, row, cursor = 'after') {
	const rows = find('.list', view), more = find('.more', view), count = find('.count', view), mine = ++turn;
	let next;

	async function load() {
		const before = next ? rows.children.length : 0;
		do {
			const answer = await api('GET', `${path}?${new URLSearchParams(next ? { ...query, [cursor]: next } : query)}`);
			if (mine !== turn)
				return;
			if (!next)
				rows.replaceChildren();
			next = answer.next;
			rows.append(...answer[member].map(row));
		} while (next && rows.children.length === before);
		rows.ariaBusy = null;
		more.hidden = !next;
		count.textContent = rows.children[0] ? words[next ? 'shown-more' : 'shown'].replace('%', rows.children.length) : words.nothing;
		announce(count.textContent);
		if (before)
			focusOn(rows.children[before] ?? count);
	}
	rows.ariaBusy = 'true';
	more.hidden = true;
	actions.more = load;
	await load();
}

// --- the views

let prefix = ''; // of the last search
let clock;

function known(account) {
	const label = account.username || account.email;

	return {
		...account,
		label,
		full_name: account.name,
		second: label === account.email ? '' : account.email,
		admin: account.role === 'admin',
		unproved: account.email && !account.verified,
		group_names: account.groups.join(' '),
	};
}

async function showAccount(account) {
	show('account', known(account));
	for (const field of find('form', view).elements)
		if (field.type === 'checkbox')
			field.checked = account[field.name];
		else if (field.name)
			field.value = known(account)[field.name];
	await showCounts(account);
}

async function showCounts({ id }) {
	const mine = turn, { counts } = await api('GET', `accounts/${id}/throttle`);

	if (mine !== turn)
		return;
	find('.list', view).replaceChildren(...(counts[0] ? counts : [{}]).map((count) =>
		fill('count-row', { ...count, text: words[`what-${count.what}`] ?? words.nothing })));
	find('[data-do=throttle]', view).hidden = !counts[0];
}

const listAccounts = () => list('accounts', { by: 'name', prefix }, 'accounts', (account) => fill('account-row', known(account)));

const listEvents = (query) => list('audit', query, 'events', (event) => fill('event-row', {
	...event, [event.outcome]: true, about: event.name ?? event.account, actor: event.by_name ?? event.by,
	event: meanings[event.event] ?? event.event, reason: words[`reason-${event.reason}`] ?? event.reason,
}), 'before');

const views = {
	async accounts() {
		show('accounts');
		const form = find('form', view);

		form.prefix.value = prefix;
		form.oninput = () => {
			clearTimeout(clock);
			clock = setTimeout(run, 300, 'search', form);
		};
		await listAccounts();
	},
	invite: () => show('invite'),
	async account(id) {
		const mine = turn, { account } = await api('GET', `accounts/${encodeURIComponent(id)}`);

		if (mine === turn)
			await showAccount(account);
	},
	async tokens() {
		show('tokens');
		await list('all-tokens', {}, 'tokens', (token) => fill('token-row', {
			...token, permission: meanings[token.permission] ?? token.permission, personal: token.kind === 'personal', over: token.expires_at && new Date(token.expires_at) < Date.now(),
		}));
	},
	async events(account) {
		show('events');
		find('#account').value = account;
		await listEvents({ account });
	},
};

async function go(first) {
	const [name, whose = ''] = location.hash.slice(1).split('=');
	const to = Object.hasOwn(views, name) ? name : 'accounts';

	if (name === 'main')
		return;
	turn++;
	clearTimeout(clock);
	for (const link of parts.querySelectorAll('a'))
		link.ariaCurrent = link.hash === `#${{ invite: 'accounts', account: 'accounts' }[to] ?? to}` ? 'page' : null;
	try {
		await views[to](whose);
	} catch (problem) {
		show('broken', { text: said(problem) });
	}
	if (later)
		say(later);
	later = '';
	if (first !== true)
		focusOn(find('h1', view));
}

// --- what is done

const wordsOf = ({ value }) => value.split(/[\s,]+/).filter(Boolean);

async function again(text, shown) {
	await shown;
	say(text);
	focusOn(find('h1', view));
}

async function end(button, { id, label }, what) {
	await sure(button, what, label);
	await api('DELETE', `accounts/${id}/${what}`);
	await again(words[what], views.account(id));
}

// The id of whom a person names.
async function idOf(name) {
	const by = name.includes('@') ? 'email' : 'username';

	if (!name || /^[\da-f-]{36}$/.test(name))
		return name;
	const [account] = (await api('GET', `accounts?${new URLSearchParams({ by, prefix: name, limit: 1 })}`)).accounts;
	if (account?.[by].toLowerCase() !== name.toLowerCase())
		throw { detail: words.nobody };
	return account.id;
}

const actions = {
	async search(form) {
		prefix = form.prefix.value.trim();
		await listAccounts();
	},
	async events(form) {
		await listEvents({ account: await idOf(form.account.value.trim()), event: form.event.value, outcome: form.outcome.value });
	},
	async invite(form) {
		const { username, email, full_name, role, groups } = form;
		const answer = await api('POST', 'accounts', {
			username: username.value.trim(), email: email.value.trim(), name: full_name.value.trim(), role: role.value, groups: wordsOf(groups),
		});

		form.reset();
		once(form, { ...known(answer.account), ...answer });
	},
	async save(form, account) {
		const { full_name, email, role, group_names, enabled, must_change } = form;
		const wanted = {
			name: full_name.value.trim(), email: email.value.trim(), role: role.value, groups: wordsOf(group_names).sort(),
			enabled: enabled.checked, must_change: must_change.checked,
		};
		const changed = Object.entries(wanted).filter(([member, value]) => `${value}` !== `${account[member]}`);
		const answer = await api('PATCH', `accounts/${account.id}`, Object.fromEntries(changed));

		await again(words.saved, showAccount(answer.account));
	},
	async code(button, { id, invited, label }) {
		once(button, { ...await api('POST', `accounts/${id}/code`), invited, label });
	},
	sessions: (...act) => end(...act, 'sessions'),
	factors: (...act) => end(...act, 'factors'),
	async throttle(button, { id }) {
		await api('DELETE', `accounts/${id}/throttle`);
		await again(words.throttle, views.account(id));
	},
	async delete(button, { id, label }) {
		await sure(button, 'delete', label, true);
		await api('DELETE', `accounts/${id}`);
		later = words.deleted;
		location.hash = 'accounts';
	},
	async token({ token_name, description, permission, days }) {
		const expires = new Date(Date.now() + days.value * 86400000).toISOString().replace(/\.\d+/, '');
		const answer = await api('POST', 'all-tokens', {
			name: token_name.value.trim(), description: description.value.trim(), permission: permission.value,
			...days.value && { expires_at: expires },
		});

		await views.tokens();
		once(find('details', view), answer);
	},
	async rotate(button, { id, name }) {
		await sure(button, 'rotate', name);
		once(button, await api('POST', `all-tokens/${id}/rotate`, {}));
	},
	async end(button, { id, name }) {
		await sure(button, 'end', name);
		await api('DELETE', `all-tokens/${id}`);
		await again(words.ended, views.tokens());
	},
};

parts.hidden = false;
addEventListener('hashchange', go);
go(true);
