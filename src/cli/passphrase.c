#include "src/cli/passphrase.h"

#include "src/base/file.h"
#include "src/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>

enum { STRONG_CHARACTERS = 12 };

static volatile sig_atomic_t caught;

static void note_signal(int number)
{
	caught = number;
}

bool passphrase_take_descriptor(struct passphrase_source *source, const char *word)
{
	char *end;
	errno = 0;
	long number = strtol(word, &end, 10);
	if (errno || end == word || *end || number < 0 || number > 1 << 20)
		return false;
	source->descriptor = (int)number;
	return true;
}

/* One line from the terminal. A signal ends it, so that the echo comes back before the signal is obeyed. */
static int read_line(int terminal, struct secret *secret, struct error *error)
{
	while (!caught && secret->length < SECRET_CAPACITY - 1) {
		char letter;
		ssize_t got = read(terminal, &letter, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_system(error, errno, _("could not read from the terminal"));
		if (got == 0 || letter == '\n')
			break;
		secret->bytes[secret->length++] = letter;
	}
	secret->bytes[secret->length] = '\0';
	if (caught)
		return error_set(error, EINTR, _("interrupted while asking for the passphrase"));
	if (secret->length == 0)
		return error_refuse(error, EINVAL, _("no passphrase was given"));
	return secret->length > 1024
		   ? error_refuse(error, EINVAL, _("the passphrase is longer than 1024 bytes"))
		   : 0;
}

/* The question comes when the echo is off: who answers at once is not seen either. */
static int ask_without_echo(int terminal, const char *question, struct secret *secret, struct error *error)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
	const struct sigaction note = {.sa_handler = note_signal};
	struct sigaction before[LENGTH_OF(signals)];
	struct termios shown;
	struct termios hidden;
	if (tcgetattr(terminal, &shown) < 0)
		return error_system(error, errno, _("could not switch off the terminal's echo"));
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	caught = 0;
	for (size_t i = 0; i < LENGTH_OF(signals); i++)
		(void)sigaction(signals[i], &note, &before[i]);
	int status = tcsetattr(terminal, TCSAFLUSH, &hidden) < 0
			 ? error_system(error, errno, _("could not switch off the terminal's echo"))
			 : file_write_all(terminal, question, strlen(question), _("the terminal"), error);
	if (status == 0)
		status = read_line(terminal, secret, error);
	(void)tcsetattr(terminal, TCSAFLUSH, &shown);
	for (size_t i = 0; i < LENGTH_OF(signals); i++)
		(void)sigaction(signals[i], &before[i], NULL);
	if (caught)
		(void)raise(caught);
	return status;
}

static int ask(int terminal, const char *question, struct secret *secret, struct error *error)
{
	int status = secret_allocate(secret, error);
	if (status == 0)
		status = ask_without_echo(terminal, question, secret, error);
	struct error ignored;
	(void)file_write_all(terminal, "\n", 1, "", &ignored);
	return status;
}

static int ask_person(bool is_new, struct secret *secret, struct error *error)
{
	CLEANUP_CLOSE int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (terminal < 0) {
		error_refuse(error, ENOTTY, _("there is no terminal to ask for the passphrase"));
		error_advise(error, _("give --passphrase-file FILE or --passphrase-fd N"));
		return error->code;
	}
	int status = ask(terminal, _("Passphrase: "), secret, error);
	CLEANUP_SECRET struct secret again = SECRET_EMPTY;
	if (status == 0 && is_new)
		status = ask(terminal, _("The same passphrase again: "), &again, error);
	if (status == 0 && is_new &&
	    (again.length != secret->length || memcmp(again.bytes, secret->bytes, secret->length) != 0))
		status = error_refuse(error, EINVAL, _("the two passphrases differ"));
	if (status < 0)
		secret_release(secret);
	return status;
}

int passphrase_obtain(
    const struct passphrase_source *source, bool is_new, struct secret *secret, struct error *error)
{
	if (source->file)
		return secret_read_file(source->file, secret, error);
	if (source->descriptor >= 0)
		return secret_read_descriptor(
		    source->descriptor, _("the given file descriptor"), secret, error);
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	CLEANUP_FREE char *path = credentials ? file_join(credentials, "kiyome-passphrase") : NULL;
	if (path && file_exists(path))
		return secret_read_file(path, secret, error);
	return ask_person(is_new, secret, error);
}

bool passphrase_is_strong(const struct secret *secret)
{
	size_t characters = 0;
	bool upper = false;
	bool lower = false;
	bool digit = false;
	bool symbol = false;
	for (size_t used = 0; used < secret->length; characters++) {
		uint32_t point;
		size_t step = text_decode(secret->bytes + used, secret->length - used, &point);
		if (step == 1) {
			upper |= isupper((int)point) != 0;
			lower |= islower((int)point) != 0;
			digit |= isdigit((int)point) != 0;
			symbol |= ispunct((int)point) != 0 || point == ' ';
		}
		used += step ? step : 1;
	}
	return characters >= STRONG_CHARACTERS && upper && lower && digit && symbol;
}
