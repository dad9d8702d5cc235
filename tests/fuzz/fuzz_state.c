/* Any JSON as a recorded plan and as a recorded state: what a damaged register could hand to a resumed wipe.
 */
#include "src/base/json.h"
#include "wipe/state.h"
#include "wipe/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wipe_plan plan;
	static struct wipe_state state;
	struct error error;
	json_t *json = NULL;
	if (json_parse_strict((const char *)data, size, "input", &json, &error) < 0)
		return 0;
	if (plan_from_json(json, &plan, &error) == 0) {
		struct step steps[STEPS_MAXIMUM];
		(void)plan_steps(&plan, steps);
		json_decref(plan_to_json(&plan));
		if (state_from_json(json, &plan, &state, &error) == 0) {
			struct verdict verdict = verdict_of(&plan, &state);
			verdict_release(&verdict);
			json_decref(state_to_json(&plan, &state));
		}
		state_release(&state);
	}
	json_decref(json);
	return 0;
}
